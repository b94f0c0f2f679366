-- Up to two million completed orders with all their rows, for measuring verify and statements: 1 line, 4 events, 1
-- payment with 2 events, 1 hold and 1 lot each; in settlement 1 cleared line, 1 entry, 2 transfers with 7 postings. @n,
-- @first and @sku are set by the caller; also over how many partners they go in turn (@partners), whose ids are the
-- multiples of 64, and how many of the entries, the last ones, are payable 2,000 s after the epoch, not 1,000 (@later).
SET @partners = COALESCE(@partners, 1), @later = COALESCE(@later, 0);
INSERT INTO bmt_business.businesses (biz_id, code, name, state, currency, contact_email, order_expires_in_s,
    order_confirm_after_s, version, create_time_ms, update_time_ms) VALUES (64, 'fill', 'A shop', 1, 'EUR', '', 0, 0, 1, 1, 1);
INSERT INTO bmt_product.stocks (sku_id, biz_id, total, available, held, sold, version, update_time_ms)
    VALUES (@sku, 64, 2 * @n, @n, 0, @n, 1, 1);
INSERT INTO bmt_order.orders (order_id, biz_id, user_id, request_id, fingerprint, state, close_reason, version, currency,
    amount_minor, line_count, quote_id, payment_id, due_time_ms, create_time_ms, update_time_ms, pay_time_ms,
    fulfil_time_ms, complete_time_ms, created_by, labels)
    SELECT @first + seq * 64, 64, CONCAT('u', seq), CONCAT('fill-', seq), REPEAT(CHAR(0), 16), 5, 0, 5, 'EUR', 1250, 1, 0,
        @first + seq * 64 + 1, 0, 1, 1, 1, 1, 1, 'fill', '' FROM seq_1_to_2000000 WHERE seq <= @n;
INSERT INTO bmt_order.order_lines (order_id, line_no, biz_id, sku_id, spu_id, price_id, title, quantity, unit_minor, amount_minor)
    SELECT @first + seq * 64, 1, 64, @sku, 64, 64, 'Gold, a month', 1, 1250, 1250 FROM seq_1_to_2000000 WHERE seq <= @n;
INSERT INTO bmt_order.order_events
    SELECT @first + seq * 64, v.version, 64, v.version, v.version - 1, v.version, 0, @first + seq * 64 + 1, 'payment', '', 1
    FROM seq_1_to_2000000, (SELECT 2 AS version UNION SELECT 3 UNION SELECT 4 UNION SELECT 5) v WHERE seq <= @n;
INSERT INTO bmt_payment.payments (payment_id, biz_id, order_id, user_id, channel_account_id, request_id, fingerprint, state,
    version, currency, amount_minor, channel_ref, action_url, return_url, failure, is_late, due_time_ms, attempts,
    expire_time_ms, create_time_ms, update_time_ms, succeed_time_ms, fee_minor)
    SELECT @first + seq * 64 + 1, 64, @first + seq * 64, CONCAT('u', seq), 64, CONCAT('fill-', seq), REPEAT(CHAR(0), 16), 3,
        3, 'EUR', 1250, CONCAT('cp_', seq), '', '', '', 0, 0, 0, 1, 1, 1, 1, 30 FROM seq_1_to_2000000 WHERE seq <= @n;
INSERT INTO bmt_payment.payment_events
    SELECT @first + seq * 64 + 1, v.version, 64, v.event, v.version - 1, v.version, 'channel', '', 1
    FROM seq_1_to_2000000, (SELECT 2 AS version, 2 AS event UNION SELECT 3, 4) v WHERE seq <= @n;
INSERT INTO bmt_product.stock_holds (order_id, sku_id, biz_id, quantity, state, create_time_ms, update_time_ms)
    SELECT @first + seq * 64, @sku, 64, 1, 2, 1, 1 FROM seq_1_to_2000000 WHERE seq <= @n;
INSERT INTO bmt_product.entitlement_lots (lot_id, biz_id, user_id, spu_id, sku_id, order_id, line_no, grant_kind, quantity,
    granted, remaining, start_time_ms, end_time_ms, state, seq, create_time_ms, update_time_ms)
    SELECT @first + seq * 64 + 2, 64, CONCAT('u', seq), 64, @sku, @first + seq * 64, 1, 1, 1, 0, 0, 1, 2, 1, 1, 1, 1
    FROM seq_1_to_2000000 WHERE seq <= @n;

-- Their periods end by nothing but a command.
INSERT INTO bmt_settlement.partners (partner_id, biz_id, code, title, state, currency, payout_channel_account_id,
    payout_account, payout_account_time_ms, schedule, time_zone, cutoff_minutes, threshold_minor, hold_back_s, due_time_ms,
    version, create_time_ms, update_time_ms)
    SELECT seq * 64, 64, CONCAT('fill-', seq), 'A partner', 1, 'EUR', 0, '', 0, 3, 'UTC', 0, 0, 0, 1 << 52, 1, 1, 1
    FROM seq_1_to_2000000 WHERE seq <= @partners;

-- Of 12.50 the channel keeps 0.30, the partner gets 3.66, the platform the rest.
INSERT INTO bmt_settlement.split_rules
    VALUES (64, 64, 1, 64, 1, '', 0, 1, 0, 1, 1, 1);
INSERT INTO bmt_settlement.clearings
    SELECT @first + seq * 64, 1, 64, @first + seq * 64 + 1, 64, @sku, 64, 1, 2, 'EUR', 1250, 30, 0, 854, 30, 0, 1, 1, 0
    FROM seq_1_to_2000000 WHERE seq <= @n;
INSERT INTO bmt_settlement.clearing_entries
    SELECT @first + seq * 64 + 5, 64, 64 + (seq - 1) MOD @partners * 64, @first + seq * 64, 1, 1, 2, 'EUR', 366, 0, 0, 0, 0,
        IF(seq <= @n - @later, 1000000, 2000000), 1
    FROM seq_1_to_2000000 WHERE seq <= @n;
-- The chain of hashes, which the server has none of that number of, goes from row to row in @hash, as in settlement/ops_ledger.c: numbers of 8 bytes, here in digits.
SET @hash = REPEAT('0', 64);
INSERT INTO bmt_settlement.transfers
    SELECT @first + seq * 64 + 3, 64, 1, @first + seq * 64 + 1, 0, 900, seq, UNHEX(@hash := SHA2(UNHEX(CONCAT(@hash,
        LPAD(HEX(@first + seq * 64 + 3), 16, '0'), LPAD(HEX(64), 16, '0'), LPAD(HEX(1), 16, '0'),
        LPAD(HEX(@first + seq * 64 + 1), 16, '0'), REPEAT('0', 16), LPAD(HEX(900), 16, '0'), LPAD(HEX(seq), 16, '0'), LPAD('1', 16, '0'),
        REPEAT('0', 16),
        LPAD('1', 16, '0'), LPAD('1', 16, '0'), LPAD(HEX(64), 16, '0'), '45555200', LPAD(HEX(1220), 16, '0'),
        LPAD('2', 16, '0'), LPAD('5', 16, '0'), LPAD(HEX(64), 16, '0'), '45555200', LPAD(HEX(30), 16, '0'),
        LPAD('3', 16, '0'), LPAD('2', 16, '0'), LPAD('0', 16, '0'), '45555200', HEX(-1250))), 256)), '', 1
    FROM seq_1_to_2000000 WHERE seq <= @n;
INSERT INTO bmt_settlement.transfers
    SELECT @first + seq * 64 + 4, 64, 3, @first + seq * 64, 1, 900, @n + seq, UNHEX(@hash := SHA2(UNHEX(CONCAT(@hash,
        LPAD(HEX(@first + seq * 64 + 4), 16, '0'), LPAD(HEX(64), 16, '0'), LPAD(HEX(3), 16, '0'),
        LPAD(HEX(@first + seq * 64), 16, '0'), LPAD('1', 16, '0'), LPAD(HEX(900), 16, '0'), LPAD(HEX(@n + seq), 16, '0'),
        LPAD('1', 16, '0'), REPEAT('0', 16),
        LPAD('1', 16, '0'), LPAD('2', 16, '0'), LPAD('0', 16, '0'), '45555200', LPAD(HEX(1250), 16, '0'),
        LPAD('2', 16, '0'), LPAD('5', 16, '0'), LPAD(HEX(64), 16, '0'), '45555200', HEX(-30),
        LPAD('3', 16, '0'), LPAD('3', 16, '0'), LPAD(HEX(64 + (seq - 1) MOD @partners * 64), 16, '0'), '45555200', HEX(-366),
        LPAD('4', 16, '0'), LPAD('4', 16, '0'), LPAD('0', 16, '0'), '45555200', HEX(-854))), 256)), '', 1
    FROM seq_1_to_2000000 WHERE seq <= @n;
INSERT INTO bmt_settlement.chains VALUES (900, 2 * @n, UNHEX(@hash));
INSERT INTO bmt_settlement.postings
    SELECT @first + seq * 64 + p.of, p.no, 64, p.account, IF(p.account = 3, 64 + (seq - 1) MOD @partners * 64, p.subject),
        'EUR', p.amount, 1 FROM seq_1_to_2000000, (
        SELECT 3 AS of, 1 AS no, 1 AS account, 64 AS subject, 1220 AS amount
        UNION ALL SELECT 3, 2, 5, 64, 30 UNION ALL SELECT 3, 3, 2, 0, -1250
        UNION ALL SELECT 4, 1, 2, 0, 1250 UNION ALL SELECT 4, 2, 5, 64, -30
        UNION ALL SELECT 4, 3, 3, 64, -366 UNION ALL SELECT 4, 4, 4, 0, -854) p WHERE seq <= @n;
INSERT INTO bmt_settlement.account_days VALUES
    (64, 1, 64, 'EUR', 0, 900, 1220 * @n, 0, @n),
    (64, 2, 0, 'EUR', 0, 900, 1250 * @n, 1250 * @n, 2 * @n),
    (64, 4, 0, 'EUR', 0, 900, 0, 854 * @n, @n),
    (64, 5, 64, 'EUR', 0, 900, 30 * @n, 30 * @n, 2 * @n);
INSERT INTO bmt_settlement.account_days
    SELECT 64, 3, partner_id, 'EUR', 0, 900, 0, SUM(amount_minor), COUNT(*) FROM bmt_settlement.clearing_entries
    WHERE biz_id = 64 AND entry_id BETWEEN @first AND @first + (@n + 1) * 64 GROUP BY partner_id;
