import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.util.List;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchClient;
import software.amazon.awssdk.services.cloudwatch.model.Dimension;
import software.amazon.awssdk.services.databasemigration.DatabaseMigrationClient;
import software.amazon.awssdk.services.databasemigration.model.InvalidResourceStateException;
import software.amazon.awssdk.services.databasemigration.model.Replication;
import software.amazon.awssdk.services.databasemigration.model.ResourceNotFoundException;

/** The whole life of a replication, by the AWS SDK for Java. Prints what it saw, one thing in each line. */
public final class Life {
  private static String endpoint;
  private static DatabaseMigrationClient dms;

  public static void main(String[] args) throws Exception {
    endpoint = args[0];
    String mappings = args[1];
    var credentials = StaticCredentialsProvider.create(AwsBasicCredentials.create("SIMULATED123456789012", "simulated"));
    dms = DatabaseMigrationClient.builder()
        .endpointOverride(URI.create(endpoint)).region(Region.EU_WEST_1).credentialsProvider(credentials).build();
    String arn = dms.createReplicationConfig(create -> create
        .replicationConfigIdentifier("by-java")
        .sourceEndpointArn("arn:aws:dms:eu-west-1:123456789012:endpoint:SOURCE1")
        .targetEndpointArn("arn:aws:dms:eu-west-1:123456789012:endpoint:TARGET1")
        .computeConfig(compute -> compute.maxCapacityUnits(16))
        .replicationType("full-load-and-cdc")
        .tableMappings(mappings)).replicationConfig().replicationConfigArn();
    see(look(arn).status());
    see(dms.startReplication(start -> start.replicationConfigArn(arn).startReplicationType("start-replication"))
        .replication().status());
    waitFor(arn, "running");
    try {
      dms.startReplication(start -> start.replicationConfigArn(arn).startReplicationType("resume-processing"));
    } catch (InvalidResourceStateException err) {
      String message = err.awsErrorDetails().errorMessage();
      see(message.substring(message.length() - 36));
    }
    advance("minutes", 20);
    see(dms.describeReplicationTableStatistics(ask -> ask.replicationConfigArn(arn)).replicationTableStatistics().size()
        + " tables");
    see("metrics " + latencies(arn, credentials));
    see(dms.stopReplication(stop -> stop.replicationConfigArn(arn)).replication().status());
    waitFor(arn, "stopped");
    advance("minutes", 1);
    Replication stopped = look(arn);
    see(stopped.stopReason());
    see(stopped.recoveryCheckpoint().substring(0, 13));
    see(stopped.replicationDeprovisionTime().isAfter(stopped.replicationLastStopTime()) ? "datetime" : "too early");
    dms.startReplication(start -> start.replicationConfigArn(arn).startReplicationType("resume-processing"));
    waitFor(arn, "running");
    dms.reloadReplicationTables(reload -> reload.replicationConfigArn(arn)
        .tablesToReload(table -> table.schemaName("shop").tableName("table_00001")));
    see(dms.describeReplicationTableStatistics(ask -> ask.replicationConfigArn(arn)).replicationTableStatistics().get(0)
        .tableState());
    dms.stopReplication(stop -> stop.replicationConfigArn(arn));
    advance("minutes", 3);
    dms.modifyReplicationConfig(
        modify -> modify.replicationConfigArn(arn).computeConfig(compute -> compute.maxCapacityUnits(32)));
    see(look(arn).status());
    waitFor(arn, "stopped");
    see(String.valueOf(
        dms.describeReplicationConfigs(ask -> {}).replicationConfigs().get(0).computeConfig().maxCapacityUnits()));
    dms.deleteReplicationConfig(delete -> delete.replicationConfigArn(arn));
    see(look(arn).status());
    advance("minutes", 5);
    try {
      look(arn);
    } catch (ResourceNotFoundException err) {
      see(err.awsErrorDetails().errorCode());
    }
  }

  private static void see(String what) {
    System.out.println(what);
  }

  private static Replication look(String arn) {
    return dms.describeReplications(
        ask -> ask.filters(filter -> filter.name("replication-config-arn").values(arn))).replications().get(0);
  }

  private static void waitFor(String arn, String status) throws Exception {
    for (int n = 0; n < 200 && !look(arn).status().equals(status); n++) advance("minutes", 1);
    see(look(arn).status());
  }

  /** Returns whether CloudWatch has values of the lag. The SDK speaks Smithy RPC v2 CBOR. */
  private static String latencies(String arn, StaticCredentialsProvider credentials) throws Exception {
    Instant now = Instant.parse(control("GET", "state", null).replaceFirst("(?s).*?\"now\":\"([^\"]+)\".*", "$1"));
    String id = arn.substring(arn.lastIndexOf(':') + 1);
    try (var cloudWatch = CloudWatchClient.builder()
        .endpointOverride(URI.create(endpoint)).region(Region.EU_WEST_1).credentialsProvider(credentials).build()) {
      var values = cloudWatch.getMetricData(ask -> ask.startTime(now.minusSeconds(600)).endTime(now)
          .metricDataQueries(query -> query.id("lag").metricStat(stat -> stat.period(60).stat("Average")
              .metric(metric -> metric.namespace("AWS/DMS").metricName("CDCLatencySource").dimensions(List.of(
                  Dimension.builder().name("ReplicationConfigId").value("123456789012:" + id).build()))))))
          .metricDataResults().get(0).values();
      return values.isEmpty() ? "missing" : "read";
    }
  }

  private static void advance(String unit, int amount) throws Exception {
    control("POST", "clock", "{\"" + unit + "\":" + amount + "}");
  }

  private static String control(String method, String path, String body) throws Exception {
    var publisher = body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
    var request = HttpRequest.newBuilder(URI.create(endpoint + "/_simulator/" + path)).method(method, publisher).build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }
}
