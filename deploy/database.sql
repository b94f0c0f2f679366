-- Run once, when the database of compose.yaml is made: its image grants MARIADB_USER nothing without a database of
-- its own, and bmtd --migrate makes its databases itself (bmt_platform, bmt_order, ...).
GRANT ALL ON `bmt\_%`.* TO 'bmt'@'%';
