package fwk.interop;

import com.twitter.finagle.ListeningServer;
import com.twitter.finagle.Mux;
import com.twitter.finagle.Mux$param$MaxFrameSize$;
import com.twitter.finagle.mux.lease.exp.Lessor;
import com.twitter.util.Await;
import com.twitter.util.StorageUnit;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * A Mux server of Finagle on a free port of the loopback interface.
 * Arguments: the largest fragment that it wants to receive, in bytes (0: their default).
 * Commands: {"do":"drain","ms":N}, {"do":"lease","ms":N}. It ends when stdin ends or after it has drained.
 */
public final class PeerServer {
  private PeerServer() {}

  public static void main(String[] arguments) throws Exception {
    int maxFrame = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0;
    Leases leases = new Leases();
    Mux.Server server = (Mux.Server) Mux.server().configured(new Lessor.Param(leases), Lessor.Param$.MODULE$);
    if (maxFrame > 0) {
      server = (Mux.Server) server.configured(new Mux$param$MaxFrameSize$().apply(new StorageUnit(maxFrame)).mk());
    }
    ListeningServer listening = server.serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), new Operations());
    Lines.tell("listening", "port", ((InetSocketAddress) listening.boundAddress()).getPort());
    Lines.each(command -> {
      switch (command.path("do").asText()) {
        case "drain" -> {
          Lines.tell("draining");
          listening.close(CallContexts.milliseconds(command.path("ms").asLong(5000))).respond(
              com.twitter.util.Function.cons(result -> Lines.tell("drained", "result", result.toString())));
        }
        case "lease" -> {
          leases.issue(CallContexts.milliseconds(command.path("ms").asLong()));
          Lines.tell("leased");
        }
        default -> throw new IllegalArgumentException("unknown command");
      }
    });
    Await.ready(listening.close(CallContexts.milliseconds(1000)), CallContexts.milliseconds(2000));
    System.exit(0);
  }
}
