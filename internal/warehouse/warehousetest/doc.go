// Package warehousetest is the suite that every driver must pass. A driver
// joins with one test:
//
//	func TestSuite(t *testing.T) {
//		warehousetest.Run(t, func(t *testing.T) warehouse.Warehouse { … })
//	}
//
// Each test asks for a warehouse of its own and works in a schema that it
// makes there. A change to the contract without a change here is incomplete.
package warehousetest
