// Program metrics reads the metrics of a replication with the AWS SDK for Go, which speaks Smithy RPC v2 CBOR.
//
// It reads {"queries", "start", "end"} as JSON, times in epoch seconds, and prints [id, times, values] of each metric.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

type asked struct {
	Queries []struct {
		Id         string
		MetricStat struct {
			Metric struct {
				Namespace  string
				MetricName string
				Dimensions []struct{ Name, Value string }
			}
			Period int32
			Stat   string
		}
	}
	Start, End float64
}

func at(seconds float64) *time.Time {
	return aws.Time(time.UnixMilli(int64(seconds * 1000)))
}

func run() error {
	var given asked
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	client := cloudwatch.New(cloudwatch.Options{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(os.Args[1]),
		Credentials:  credentials.NewStaticCredentialsProvider("SIMULATED123456789012", "simulated", ""),
	})
	input := cloudwatch.GetMetricDataInput{
		StartTime: at(given.Start),
		EndTime:   at(given.End),
		ScanBy:    types.ScanByTimestampAscending,
	}
	for _, query := range given.Queries {
		metric := query.MetricStat.Metric
		var dimensions []types.Dimension
		for _, each := range metric.Dimensions {
			dimensions = append(dimensions, types.Dimension{Name: aws.String(each.Name), Value: aws.String(each.Value)})
		}
		input.MetricDataQueries = append(input.MetricDataQueries, types.MetricDataQuery{
			Id: aws.String(query.Id),
			MetricStat: &types.MetricStat{
				Metric: &types.Metric{
					Namespace:  aws.String(metric.Namespace),
					MetricName: aws.String(metric.MetricName),
					Dimensions: dimensions,
				},
				Period: aws.Int32(query.MetricStat.Period),
				Stat:   aws.String(query.MetricStat.Stat),
			},
		})
	}
	output, err := client.GetMetricData(context.Background(), &input)
	if err != nil {
		return err
	}
	results := [][]any{}
	for _, result := range output.MetricDataResults {
		times := []float64{}
		for _, each := range result.Timestamps {
			times = append(times, float64(each.UnixMilli())/1000)
		}
		results = append(results, []any{*result.Id, times, result.Values})
	}
	return json.NewEncoder(os.Stdout).Encode(results)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
