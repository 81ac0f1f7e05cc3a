/** Schemas of the updates that people send to a cutover. */
import * as v from 'valibot';
import { approvalFields, gateFields, windowFields, writesStoppedSeconds } from './cutover-schemas.js';
import { decisionFields } from './ledger-input-schemas.js';
import { exactObject, oneOf, readWith, text } from './schema-parts.js';

const decision = exactObject(decisionFields);

const requests = {
  approve: exactObject({ ...decisionFields, confirm: text(100) }),
  revokeApproval: decision,
  abort: decision,
  switchBack: decision,
  decide: exactObject({
    ...decisionFields,
    traffic: v.nullish(oneOf(['source', 'target']), null),
    undo: v.nullish(oneOf(['retry', 'done']), null),
  }),
  change: exactObject({
    ...decisionFields,
    gates: v.nullish(
      exactObject({
        lag: v.nullish(gateFields.lag, null),
        tables: v.nullish(gateFields.tables, null),
        validation: v.nullish(gateFields.validation, null),
        acceptWarnings: v.nullish(gateFields.acceptWarnings, null),
      }),
      null,
    ),
    approval: v.nullish(
      exactObject({
        required: v.nullish(approvalFields.required, null),
        approvers: v.nullish(approvalFields.approvers, null),
        timeoutSeconds: v.nullish(approvalFields.timeoutSeconds, null),
      }),
      null,
    ),
    window: v.nullish(
      exactObject({
        notBefore: v.nullish(windowFields.notBefore, null),
        notAfter: v.nullish(windowFields.notAfter, null),
      }),
      null,
    ),
    writesStoppedSeconds: v.nullish(writesStoppedSeconds, null),
  }),
};

/** Checks an update that a person sends to a cutover. Throws DmsInvalidInput. */
export function readCutoverRequest<Name extends keyof typeof requests>(
  name: Name,
  request: unknown,
): v.InferOutput<(typeof requests)[Name]> {
  const context = { what: `request dms.${name}`, replicationConfigArn: '', hint: 'Correct it; nothing was changed.' };
  return readWith(requests[name], context, request);
}
