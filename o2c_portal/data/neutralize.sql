-- a copy of a database must not send receipts to customers
UPDATE ir_cron
   SET active = false
 WHERE id IN (SELECT res_id FROM ir_model_data WHERE module = 'o2c_portal' AND model = 'ir.cron');
UPDATE mail_mail
   SET state = 'cancel'
 WHERE o2c_payment_id IS NOT NULL AND state IN ('outgoing', 'exception');
