// SPDX-License-Identifier: MIT
// posthog-go as an app uses it: client HOST COUNT
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/posthog/posthog-go"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	client, err := posthog.NewWithConfig("phc_canary_key", posthog.Config{Endpoint: os.Args[1]})
	check(err)
	count, err := strconv.Atoi(os.Args[2])
	check(err)
	for i := 0; i < count; i++ {
		check(client.Enqueue(posthog.Capture{
			DistinctId: "canary-person",
			Event:      "page_opened",
			Properties: posthog.NewProperties().Set("page", "home").Set("count", i).Set("dark", true).Set("canary", "canary"),
		}))
	}
	check(client.Enqueue(posthog.Identify{DistinctId: "canary-person", Properties: posthog.NewProperties().Set("email", "canary")}))
	flag, err := client.GetFeatureFlag(posthog.FeatureFlagPayload{Key: "canary-flag", DistinctId: "canary-person"})
	check(err)
	fmt.Println("flag", flag)
	check(client.Close())
}
