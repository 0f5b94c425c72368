resource "vault_kv_secret_v2" "workload" {
  mount = "kv"
  name  = "workload/config"
}
