-- The plan was compared with what derive made of it: what is left is the stage of the run.
DROP TABLE stage.plan;
DROP TABLE stage.plan_warning;
DROP TABLE stage.plan_allowed;
DROP TABLE stage.plan_standing;
DROP TABLE stage.planned;
PRAGMA stage.application_id = 0x64637361;
