/** ARN of the replication in every world. */
export const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
/** ARN of a replication that no world has, for forged requests. */
export const otherArn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:INVOICES';
