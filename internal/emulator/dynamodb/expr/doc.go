// Package expr is the language inside DynamoDB requests: values and their order,
// decimal numbers, document paths, and the condition, filter, projection, update
// and key condition expressions, with the errors that AWS answers, word for word.
//
// It must not know the AWS SDK, tables, or how items are stored; the emulator and
// the provider's checks at plan time both use it.
package expr
