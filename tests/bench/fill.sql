-- A million fulfilled orders with all their rows, for measuring verify: 1 line, 3 events, 1 payment with 2 events,
-- 1 hold and 1 lot each. @n, @first and @sku are set by the caller. What is there from an earlier time stays.
INSERT INTO bmt_product.stocks (sku_id, biz_id, total, available, held, sold, version, update_time_ms)
    VALUES (@sku, 64, 2 * @n, @n, 0, @n, 1, 1)
    ON DUPLICATE KEY UPDATE total = GREATEST(total, VALUES(total)), available = GREATEST(available, VALUES(available)),
        sold = GREATEST(sold, VALUES(sold));
INSERT INTO bmt_order.orders (order_id, biz_id, user_id, request_id, fingerprint, state, close_reason, version, currency,
    amount_minor, line_count, quote_id, payment_id, due_time_ms, create_time_ms, update_time_ms, pay_time_ms,
    fulfil_time_ms, complete_time_ms, created_by, labels)
    SELECT @first + seq * 64, 64, CONCAT('u', seq), CONCAT('fill-', seq), REPEAT(CHAR(0), 16), 4, 0, 4, 'EUR', 1250, 1, 0,
        @first + seq * 64 + 1, 9000000000000, 1, 1, 1, 1, 0, 'fill', '' FROM seq_1_to_1000000 WHERE seq <= @n
    ON DUPLICATE KEY UPDATE order_id = VALUES(order_id);
INSERT INTO bmt_order.order_lines (order_id, line_no, biz_id, sku_id, spu_id, price_id, title, quantity, unit_minor, amount_minor)
    SELECT @first + seq * 64, 1, 64, @sku, 64, 64, 'Gold, a month', 1, 1250, 1250 FROM seq_1_to_1000000 WHERE seq <= @n
    ON DUPLICATE KEY UPDATE order_id = VALUES(order_id);
INSERT INTO bmt_order.order_events
    SELECT @first + seq * 64, v.version, 64, v.version, v.version - 1, v.version, 0, @first + seq * 64 + 1, 'payment', '', 1
    FROM seq_1_to_1000000, (SELECT 2 AS version UNION SELECT 3 UNION SELECT 4) v WHERE seq <= @n
    ON DUPLICATE KEY UPDATE order_id = VALUES(order_id);
INSERT INTO bmt_payment.payments (payment_id, biz_id, order_id, user_id, channel_account_id, request_id, fingerprint, state,
    version, currency, amount_minor, channel_ref, action_url, return_url, failure, is_late, due_time_ms, attempts,
    expire_time_ms, create_time_ms, update_time_ms, succeed_time_ms)
    SELECT @first + seq * 64 + 1, 64, @first + seq * 64, CONCAT('u', seq), 64, CONCAT('fill-', seq), REPEAT(CHAR(0), 16), 3,
        3, 'EUR', 1250, CONCAT('cp_', seq), '', '', '', 0, 0, 0, 1, 1, 1, 1 FROM seq_1_to_1000000 WHERE seq <= @n
    ON DUPLICATE KEY UPDATE payment_id = VALUES(payment_id);
INSERT INTO bmt_payment.payment_events
    SELECT @first + seq * 64 + 1, v.version, 64, v.event, v.version - 1, v.version, 'channel', '', 1
    FROM seq_1_to_1000000, (SELECT 2 AS version, 2 AS event UNION SELECT 3, 4) v WHERE seq <= @n
    ON DUPLICATE KEY UPDATE payment_id = VALUES(payment_id);
INSERT INTO bmt_product.stock_holds (order_id, sku_id, biz_id, quantity, state, create_time_ms, update_time_ms)
    SELECT @first + seq * 64, @sku, 64, 1, 2, 1, 1 FROM seq_1_to_1000000 WHERE seq <= @n
    ON DUPLICATE KEY UPDATE order_id = VALUES(order_id);
INSERT INTO bmt_product.entitlement_lots (lot_id, biz_id, user_id, spu_id, sku_id, order_id, line_no, grant_kind, quantity,
    granted, remaining, start_time_ms, end_time_ms, state, seq, create_time_ms, update_time_ms)
    SELECT @first + seq * 64 + 2, 64, CONCAT('u', seq), 64, @sku, @first + seq * 64, 1, 1, 1, 0, 0, 1, 2, 1, 1, 1, 1
    FROM seq_1_to_1000000 WHERE seq <= @n
    ON DUPLICATE KEY UPDATE lot_id = VALUES(lot_id);
