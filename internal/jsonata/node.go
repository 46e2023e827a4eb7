package jsonata

// kind is what a node of the tree is.
type kind byte

const (
	nameNode kind = iota
	stringNode
	numberNode
	valueNode // true, false, null
	variableNode
	regexNode
	wildcardNode
	descendantNode
	parentNode
	binaryNode
	negateNode
	arrayNode
	objectNode
	callNode
	partialNode
	lambdaNode
	conditionNode
	blockNode
	transformNode
	bindNode
	applyNode
	pathNode
	sortNode
	filterStage
	indexStage
	operatorNode // an operator where a value was expected
	endNode
)

// names of kinds as the errors of the language spell them.
var kindNames = map[kind]string{
	nameNode: "name", stringNode: "string", numberNode: "number", valueNode: "value", variableNode: "variable",
	regexNode: "regex", wildcardNode: "wildcard", descendantNode: "descendant", parentNode: "parent", binaryNode: "binary",
	negateNode: "unary", arrayNode: "unary", objectNode: "unary", callNode: "function", partialNode: "partial",
	lambdaNode: "lambda", conditionNode: "condition", blockNode: "block", transformNode: "transform", bindNode: "bind",
	applyNode: "apply", pathNode: "path", sortNode: "sort", operatorNode: "operator", endNode: "(end)",
}

// node is one node of the tree, as it was parsed and, after resolve, as it is
// evaluated.
type node struct {
	kind kind
	pos  int
	text string // name, variable, string, or operator
	num  float64
	val  any
	re   *regex

	lhs, rhs, third *node      // operands; condition, then, else; pattern, update, delete
	list            []*node    // steps, arguments, items, expressions, parameters
	pairs           [][2]*node // keys and values of an object or group
	terms           []term     // of order-by
	callee          *node
	signature       *signature

	group              *group  // {…} behind a step
	predicates, stages []*node // […] behind an expression, behind a step of a path

	keepArray     bool // [] behind it
	keepSingleton bool // a path with such a step
	consArray     bool // an array constructor that is a step by itself
	tuple         bool // binds a variable per item
	thunk         bool // a call in tail position
	focus, index  string

	// Of the operator %: the slot it reads, the slot a step fills, the slots that no
	// step was found for yet.
	slot, ancestor *slot
	seeking        []*slot
}

type group struct {
	pairs [][2]*node
	pos   int
}

type term struct {
	expr       *node
	descending bool
}

// slot is where a step leaves its input for the operator %.
type slot struct {
	label string
	level int
	index int
}
