-- A copy of a snapshot of layout 3, brought up to today's tables.
ALTER TABLE stage.run ADD COLUMN car_fields TEXT NOT NULL DEFAULT '[]';
ALTER TABLE stage.run ADD COLUMN account_key TEXT NOT NULL DEFAULT 'name';
ALTER TABLE stage.run ADD COLUMN scope TEXT NOT NULL DEFAULT '{}';
ALTER TABLE stage.MachineInfo ADD COLUMN deviceValue ANY;
ALTER TABLE stage.MachineInfo ADD COLUMN machineTags ANY;
ALTER TABLE stage.MachineInfo ADD COLUMN isExcluded ANY;
ALTER TABLE stage.MachineInfo ADD COLUMN mergedIntoMachineId ANY;
PRAGMA stage.user_version = 4;
