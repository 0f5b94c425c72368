// Command plugin-inventory is an example of a plugin: it collects lists of hosts that some inventory wrote to a folder as CSV.
// docs/plugins.md goes through it line by line.
package main

import "auditpack/collectors/plugin/sdk"

func main() { sdk.Serve(Type) }
