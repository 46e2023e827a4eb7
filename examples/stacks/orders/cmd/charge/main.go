// Command charge is the function that charges for an order. It must not know what
// orders are beyond what they cost.
package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
)

// most is what a card is good for.
const most = 1000

type order struct {
	SK    string  `json:"sk"`
	Total float64 `json:"total"`
}

type receipt struct {
	Receipt string `json:"receipt"`
}

func main() { lambda.Start(charge) }

func charge(_ context.Context, o order) (receipt, error) {
	if o.Total > most {
		return receipt{}, fmt.Errorf("the card was refused for %v", o.Total)
	}
	return receipt{Receipt: "receipt-" + strings.TrimPrefix(o.SK, "order#")}, nil
}
