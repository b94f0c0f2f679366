-- The trial balance asks what open lines explain; without a key it would read every line that was ever sold.
ALTER TABLE bmt_settlement.clearings
    ADD KEY ix_clearings_open (biz_id, state, sale_time_ms);
