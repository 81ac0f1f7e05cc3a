const { DefaultFailureConverter } = require('@temporalio/common');

/** Puts messages and stack traces of failures where a codec encrypts them. */
exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
