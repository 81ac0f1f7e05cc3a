import { createDmsActivities } from 'temporal-dms/activities';
import { createAwsDmsApi } from 'temporal-dms/aws';
import { createDynamoDbArchive } from 'temporal-dms/dynamodb';

export const activities = createDmsActivities({ dms: createAwsDmsApi(), archive: createDynamoDbArchive() });
