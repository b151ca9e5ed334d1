-- a copy of a database must send customers nothing
UPDATE ir_cron
   SET active = false
 WHERE id IN (SELECT res_id FROM ir_model_data WHERE module = 'o2c_portal' AND model = 'ir.cron');
UPDATE mail_mail
   SET state = 'cancel'
 WHERE (o2c_delivery_id IS NOT NULL OR o2c_send_item_id IS NOT NULL)
   AND state IN ('outgoing', 'exception');
UPDATE o2c_send_run SET state = 'stopped' WHERE state = 'running';
