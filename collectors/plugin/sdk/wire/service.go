package wire

import (
	"context"
	"errors"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// Plugin joins the service to go-plugin. On the side of the plugin it needs a Collector, on auditpack's it dispenses a
// CollectorServiceClient.
type Plugin struct {
	plugin.NetRPCUnsupportedPlugin
	Collector CollectorServiceServer
}

var _ plugin.GRPCPlugin = Plugin{}

// GRPCServer registers the Collector.
func (p Plugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	if p.Collector == nil {
		return errors.New("register collector: none is set")
	}
	RegisterCollectorServiceServer(s, p.Collector)
	return nil
}

// GRPCClient returns a CollectorServiceClient.
func (Plugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return NewCollectorServiceClient(c), nil
}
