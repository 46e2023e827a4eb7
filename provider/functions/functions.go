// Package functions has the functions that the provider adds to the language. They
// are pure: they know neither the provider's configuration nor AWS.
package functions

import "github.com/hashicorp/terraform-plugin-framework/function"

// All lists the functions, alphabetically.
var All = []func() function.Function{
	func() function.Function { return arnBuild{} },
	func() function.Function { return arnParse{} },
	func() function.Function { return aslValidate{} },
	func() function.Function { return cronNext{} },
	func() function.Function { return dynamoDBDecode{} },
	func() function.Function { return dynamoDBEncode{} },
	func() function.Function { return envName{} },
	func() function.Function { return eventMatch{} },
	func() function.Function { return jsonataFunction{} },
	func() function.Function { return policyTemplate{} },
	func() function.Function { return routeMatch{} },
	func() function.Function { return sampleEvent{} },
}
