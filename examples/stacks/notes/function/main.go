// Command function is the code of the notes stack: it keeps notes in the table
// that its link names, and must not know where AWS's services are.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A note is what the API takes and gives.
type note struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	n := notes{db: dynamodb.NewFromConfig(cfg), table: os.Getenv("NOTES_TABLE_NAME")}
	lambda.Start(n.serve)
}

type notes struct {
	db    *dynamodb.Client
	table string
}

func (n notes) serve(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	switch e.RouteKey {
	case "POST /notes":
		body := []byte(e.Body)
		if e.IsBase64Encoded { // API Gateway's way with bodies that say not that they are text
			body, _ = base64.StdEncoding.AppendDecode(nil, body)
		}
		var in note
		if err := json.Unmarshal(body, &in); err != nil || in.ID == "" {
			return answer(http.StatusBadRequest, map[string]string{"message": `send {"id": "…", "text": "…"}`})
		}
		_, err := n.db.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &n.table,
			Item: map[string]types.AttributeValue{
				"id":   &types.AttributeValueMemberS{Value: in.ID},
				"text": &types.AttributeValueMemberS{Value: in.Text},
			},
		})
		if err != nil {
			return events.APIGatewayV2HTTPResponse{}, err
		}
		return answer(http.StatusCreated, in)
	case "GET /notes/{id}":
		id := e.PathParameters["id"]
		out, err := n.db.GetItem(ctx, &dynamodb.GetItemInput{
			TableName:      &n.table,
			Key:            map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
			ConsistentRead: aws.Bool(true),
		})
		if err != nil {
			return events.APIGatewayV2HTTPResponse{}, err
		}
		text, ok := out.Item["text"].(*types.AttributeValueMemberS)
		if !ok {
			return answer(http.StatusNotFound, map[string]string{"message": "no note " + id})
		}
		return answer(http.StatusOK, note{ID: id, Text: text.Value})
	}
	return answer(http.StatusNotFound, map[string]string{"message": "no route " + e.RouteKey})
}

func answer(status int, body any) (events.APIGatewayV2HTTPResponse, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return events.APIGatewayV2HTTPResponse{}, err
	}
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status,
		Headers:    map[string]string{"content-type": "application/json"},
		Body:       string(b),
	}, nil
}
