-- Entries lie by what they are of: clearing writes one key less, and who goes by orders reads them as they lie.
ALTER TABLE bmt_settlement.clearing_entries
    DROP PRIMARY KEY,
    DROP KEY uq_clearing_entries_source,
    ADD PRIMARY KEY (order_id, line_no, partner_id, kind, source_id);
