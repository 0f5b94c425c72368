resource "aws_msk_cluster" "events" {
  cluster_name           = "events"
  number_of_broker_nodes = 3
}
