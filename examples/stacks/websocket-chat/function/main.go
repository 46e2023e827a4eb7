// Command function is the code of the websocket-chat stack: it keeps who is
// connected in the table that its link names, and passes on what one says to all
// others. It must not know where AWS's services are.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	gone "github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A message is what clients send, and what they get, then with From.
type message struct {
	Action string `json:"action,omitempty"`
	From   string `json:"from,omitempty"`
	Text   string `json:"text"`
}

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	c := chat{
		db:    dynamodb.NewFromConfig(cfg),
		table: os.Getenv("CONNECTIONS_TABLE_NAME"),
		clients: apigatewaymanagementapi.NewFromConfig(cfg, func(o *apigatewaymanagementapi.Options) {
			o.BaseEndpoint = aws.String(os.Getenv("MANAGEMENT_URL"))
		}),
	}
	lambda.Start(c.serve)
}

type chat struct {
	db      *dynamodb.Client
	table   string
	clients *apigatewaymanagementapi.Client
}

// longest is how long API Gateway keeps a connection.
const longest = 2 * time.Hour

func (c chat) serve(ctx context.Context, e events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
	id := e.RequestContext.ConnectionID
	var err error
	switch e.RequestContext.RouteKey {
	case "$connect":
		_, err = c.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &c.table, Item: map[string]types.AttributeValue{
			"id":         &types.AttributeValueMemberS{Value: id},
			"expires_at": &types.AttributeValueMemberN{Value: strconv.FormatInt(time.Now().Add(longest).Unix(), 10)},
		}})
	case "$disconnect":
		err = c.forget(ctx, id)
	case "send":
		var in message
		if json.Unmarshal([]byte(e.Body), &in) != nil || in.Text == "" {
			err = c.tell(ctx, id, message{Text: `send {"action": "send", "text": "…"}`})
			break
		}
		err = c.tellOthers(ctx, id, in.Text)
	default:
		err = c.tell(ctx, id, message{Text: `send {"action": "send", "text": "…"}`})
	}
	if err != nil {
		return events.APIGatewayProxyResponse{}, err
	}
	return events.APIGatewayProxyResponse{StatusCode: http.StatusOK}, nil
}

// tellOthers passes on what one client says.
func (c chat) tellOthers(ctx context.Context, from, text string) error {
	pages := dynamodb.NewScanPaginator(c.db, &dynamodb.ScanInput{TableName: &c.table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			id, ok := item["id"].(*types.AttributeValueMemberS)
			if !ok || id.Value == from {
				continue
			}
			if err := c.tell(ctx, id.Value, message{From: from, Text: text}); err != nil {
				return err
			}
		}
	}
	return nil
}

// tell sends a client a message; one that is not there any more is forgotten.
func (c chat) tell(ctx context.Context, id string, m message) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = c.clients.PostToConnection(ctx, &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id, Data: data})
	var left *gone.GoneException
	if errors.As(err, &left) {
		return c.forget(ctx, id)
	}
	return err
}

func (c chat) forget(ctx context.Context, id string) error {
	_, err := c.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &c.table, Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
	})
	return err
}
