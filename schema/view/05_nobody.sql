-- Who is nobody: accounts that log on without a person behind them. Their SIDs are the same in every language; where none
-- comes, their names and domains are those that Windows has in the languages known here.

-- NT AUTHORITY, in lower case. (lower() knows ASCII alone: letters beyond it stand in both cases.)
CREATE VIEW windows_domain (domain) AS VALUES
  ('nt authority'), ('nt-autorität'), ('nt-autoritÄt'), ('autorite nt'), ('autorité nt'), ('autoritÉ nt'), ('autoridad nt'),
  ('autoridade nt'), ('zarządzanie nt'), ('zarzĄdzanie nt'), ('nt instans'), ('nt-myndighet'), ('nt-myndighed');
-- The accounts of that domain, for answers that tell no domain either.
CREATE VIEW windows_account (name) AS VALUES
  ('lokaler dienst'), ('netzwerkdienst'), ('anonymous-anmeldung'), ('système'), ('systÈme'), ('service local'),
  ('service réseau'), ('service rÉseau'), ('service reseau'), ('sistema'), ('servicio local'), ('servicio loc'),
  ('servicio de red'), ('servizio locale'), ('servizio di rete'), ('serviço local'), ('serviÇo local'), ('serviço de rede'),
  ('serviÇo de rede'), ('usługa lokalna'), ('usŁuga lokalna'), ('usługa sieciowa'), ('usŁuga sieciowa'), ('система'),
  ('СИСТЕМА'), ('lokale service'), ('netwerkservice');

-- LogonUsers, and why an account is nobody; NULL: it is somebody's.
CREATE VIEW logon_user AS
SELECT machineId, accountName, accountDomain, accountSid, run_id, accountKey,
  CASE
    WHEN upper(accountSid) IN ('S-1-5-18', 'S-1-5-19', 'S-1-5-20') THEN 'a service account (' || accountSid || ')'
    WHEN upper(accountSid) = 'S-1-5-7' THEN 'the anonymous account (' || accountSid || ')'
    WHEN upper(accountSid) GLOB 'S-1-5-90-0-*' OR accountName LIKE 'DWM-%' THEN 'an account of the window manager'
    WHEN upper(accountSid) GLOB 'S-1-5-96-0-*' OR accountName LIKE 'UMFD-%' THEN 'an account of the font driver'
    WHEN accountName LIKE '%$' THEN 'a machine''s account'
    WHEN accountName LIKE 'defaultuser_%' AND substr(accountName, 12) NOT GLOB '*[^0-9]*'
      THEN 'an account of the first start of Windows'
    WHEN lower(accountDomain) IN (SELECT domain FROM windows_domain) THEN 'a service account (domain ' || accountDomain || ')'
    WHEN accountSid IS NULL AND lower(accountName) IN ('system', 'local service', 'network service', 'anonymous logon')
      THEN 'a service account (by its name)'
    WHEN accountSid IS NULL AND accountDomain = '' AND lower(accountName) IN (SELECT name FROM windows_account)
      THEN 'a service account (by its name)'
  END AS nobody
FROM LogonUsers;
