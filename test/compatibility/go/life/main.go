// Program life takes a replication through its whole life with the AWS SDK for Go. It prints what it saw, one thing in
// each line.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	dms "github.com/aws/aws-sdk-go-v2/service/databasemigrationservice"
	"github.com/aws/aws-sdk-go-v2/service/databasemigrationservice/types"
)

const region = "eu-west-1"

var (
	background  = context.Background()
	endpoint    = os.Args[1]
	credentials = awscredentials.NewStaticCredentialsProvider("SIMULATED123456789012", "simulated", "")
	client      = dms.New(dms.Options{Region: region, BaseEndpoint: &endpoint, Credentials: credentials})
)

func main() {
	defer func() {
		if err := recover(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	live(os.Args[2])
}

func live(mappings string) {
	created := must(client.CreateReplicationConfig(background, &dms.CreateReplicationConfigInput{
		ReplicationConfigIdentifier: aws.String("by-go"),
		SourceEndpointArn:           aws.String("arn:aws:dms:eu-west-1:123456789012:endpoint:SOURCE1"),
		TargetEndpointArn:           aws.String("arn:aws:dms:eu-west-1:123456789012:endpoint:TARGET1"),
		ComputeConfig:               &types.ComputeConfig{MaxCapacityUnits: aws.Int32(16)},
		ReplicationType:             types.MigrationTypeValueFullLoadAndCdc,
		TableMappings:               &mappings,
	}))
	arn := created.ReplicationConfig.ReplicationConfigArn
	see(*look(arn).Status)
	see(*must(start(arn, "start-replication")).Replication.Status)
	waitFor(arn, "running")
	var invalid *types.InvalidResourceStateFault
	if _, err := start(arn, "resume-processing"); errors.As(err, &invalid) {
		message := invalid.ErrorMessage()
		see(message[len(message)-36:])
	}
	advance("minutes", 20)
	tables := must(client.DescribeReplicationTableStatistics(background, &dms.DescribeReplicationTableStatisticsInput{
		ReplicationConfigArn: arn,
	}))
	see(fmt.Sprintf("%d tables", len(tables.ReplicationTableStatistics)))
	see("metrics " + lagMetrics(*arn))
	see(*must(client.StopReplication(background, &dms.StopReplicationInput{ReplicationConfigArn: arn})).Replication.Status)
	waitFor(arn, "stopped")
	advance("minutes", 1)
	stopped := look(arn)
	see(*stopped.StopReason)
	see((*stopped.RecoveryCheckpoint)[:13])
	if stopped.ReplicationDeprovisionTime.After(*stopped.ReplicationLastStopTime) {
		see("datetime")
	}
	must(start(arn, "resume-processing"))
	waitFor(arn, "running")
	must(client.ReloadReplicationTables(background, &dms.ReloadReplicationTablesInput{
		ReplicationConfigArn: arn,
		TablesToReload:       []types.TableToReload{{SchemaName: aws.String("shop"), TableName: aws.String("table_00001")}},
	}))
	tables = must(client.DescribeReplicationTableStatistics(background, &dms.DescribeReplicationTableStatisticsInput{
		ReplicationConfigArn: arn,
	}))
	see(*tables.ReplicationTableStatistics[0].TableState)
	must(client.StopReplication(background, &dms.StopReplicationInput{ReplicationConfigArn: arn}))
	advance("minutes", 3)
	must(client.ModifyReplicationConfig(background, &dms.ModifyReplicationConfigInput{
		ReplicationConfigArn: arn,
		ComputeConfig:        &types.ComputeConfig{MaxCapacityUnits: aws.Int32(32)},
	}))
	see(*look(arn).Status)
	waitFor(arn, "stopped")
	configs := must(client.DescribeReplicationConfigs(background, &dms.DescribeReplicationConfigsInput{}))
	see(fmt.Sprint(*configs.ReplicationConfigs[0].ComputeConfig.MaxCapacityUnits))
	must(client.DeleteReplicationConfig(background, &dms.DeleteReplicationConfigInput{ReplicationConfigArn: arn}))
	see(*look(arn).Status)
	advance("minutes", 5)
	var missing *types.ResourceNotFoundFault
	if _, err := describe(arn); errors.As(err, &missing) {
		see(missing.ErrorCode())
	}
}

func start(arn *string, kind string) (*dms.StartReplicationOutput, error) {
	return client.StartReplication(background, &dms.StartReplicationInput{
		ReplicationConfigArn: arn,
		StartReplicationType: &kind,
	})
}

func describe(arn *string) (*dms.DescribeReplicationsOutput, error) {
	return client.DescribeReplications(background, &dms.DescribeReplicationsInput{
		Filters: []types.Filter{{Name: aws.String("replication-config-arn"), Values: []string{*arn}}},
	})
}

func look(arn *string) types.Replication {
	return must(describe(arn)).Replications[0]
}

func waitFor(arn *string, status string) {
	for n := 0; n < 200 && *look(arn).Status != status; n++ {
		advance("minutes", 1)
	}
	see(*look(arn).Status)
}

// lagMetrics returns "read" if CloudWatch has values of the lag, else "missing". The SDK speaks Smithy RPC v2 CBOR.
func lagMetrics(arn string) string {
	var state struct{ Now time.Time }
	answer := must(http.Get(endpoint + "/_simulator/state"))
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&state); err != nil {
		panic(err)
	}
	id := "123456789012:" + arn[strings.LastIndex(arn, ":")+1:]
	metrics := cloudwatch.New(cloudwatch.Options{Region: region, BaseEndpoint: &endpoint, Credentials: credentials})
	output := must(metrics.GetMetricData(background, &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(state.Now.Add(-10 * time.Minute)),
		EndTime:   &state.Now,
		MetricDataQueries: []cloudwatchtypes.MetricDataQuery{{
			Id: aws.String("lag"),
			MetricStat: &cloudwatchtypes.MetricStat{
				Period: aws.Int32(60),
				Stat:   aws.String("Average"),
				Metric: &cloudwatchtypes.Metric{
					Namespace:  aws.String("AWS/DMS"),
					MetricName: aws.String("CDCLatencySource"),
					Dimensions: []cloudwatchtypes.Dimension{{Name: aws.String("ReplicationConfigId"), Value: &id}},
				},
			},
		}},
	}))
	if len(output.MetricDataResults[0].Values) == 0 {
		return "missing"
	}
	return "read"
}

func advance(unit string, amount int) {
	body := fmt.Sprintf(`{"%s":%d}`, unit, amount)
	must(http.Post(endpoint+"/_simulator/clock", "application/json", bytes.NewBufferString(body))).Body.Close()
}

func see(what string) {
	fmt.Println(what)
}

// must returns the answer of a request that has to succeed.
func must[T any](answer T, err error) T {
	if err != nil {
		panic(err)
	}
	return answer
}
