package store_test

import (
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/internal/seeds"
)

// TestMain fixes what random tests draw.
func TestMain(m *testing.M) { seeds.Main(m) }
