package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"go.temporal.io/sdk/client"
)

type checkpoint struct {
	RecoveryCheckpoint string `json:"recoveryCheckpoint"` // empty: DMS reports none
	ResumeBy           string `json:"resumeBy"`           // empty: unknown
}

type stopResult struct {
	Outcome    string     `json:"outcome"`
	Checkpoint checkpoint `json:"checkpoint"`
}

func main() {
	c, err := client.Dial(client.Options{HostPort: os.Getenv("TEMPORAL_ADDRESS")})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	arn := os.Args[1]
	input := map[string]any{"replicationConfigArn": arn, "requestedBy": "ada", "reason": "maintenance"}
	options := client.StartWorkflowOptions{TaskQueue: "temporal-dms"}
	run, err := c.ExecuteWorkflow(context.Background(), options, "dmsStopReplication", input)
	if err != nil {
		log.Fatal(err)
	}
	var result stopResult
	if err := run.Get(context.Background(), &result); err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Outcome, result.Checkpoint.RecoveryCheckpoint)
}
