/** The replication of every world. */
export const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
export const otherArn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:INVOICES';
