// Package terraformtest is a strict fake of the part of the HCP Terraform API that the terraform collector asks: for tests, and
// for the demo, which serves examples/acme/recorded/terraform with it. It follows HashiCorp's published API documentation; above
// each handler stands, in our words, what the documentation says. Nothing was recorded from a real server.
//
// It is strict: what the documentation does not offer is refused (an unknown query parameter, a page larger than the largest, a
// method that changes something), so that a collector which passes here asks for nothing that is not documented. Faults can be
// planted with Server.Plant.
package terraformtest
