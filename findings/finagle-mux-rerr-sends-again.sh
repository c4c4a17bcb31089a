#!/usr/bin/env bash
# com.twitter:finagle-mux_2.13 24.2.0: a server that cannot act on a call answers an Rerr. Where this answers the first
# call of a session, a Finagle client takes the server for an old one: it sends the same call again by itself, as a Treq, which
# has neither destination nor contexts, and sends all later calls of the session so. No retry policy is asked. A server of
# one's own should answer each Tdispatch by an Rdispatch.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pom.xml <<'POM'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.twitter</groupId>
      <artifactId>finagle-mux_2.13</artifactId>
      <version>24.2.0</version>
    </dependency>
  </dependencies>
</project>
POM
mvn -q -B -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath -Dmdep.outputFile=classpath

cat > Program.java <<'PROGRAM'
import com.twitter.finagle.*;
import com.twitter.finagle.mux.*;
import com.twitter.util.*;
import java.io.*;
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import com.twitter.finagle.service.RetryBudgets;
import java.util.ArrayList;
import java.util.List;

class Program {
  static byte[] frame(int type, int tag, byte[] body) {
    return ByteBuffer.allocate(8 + body.length).putInt(4 + body.length).putInt(type << 24 | tag).put(body).array();
  }

  public static void main(String[] none) throws Exception {
    List<String> calls = new ArrayList<>();
    ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    new Thread(() -> serve(server, calls)).start();
    Mux.Client client = (Mux.Client) Mux.client().withRetryBudget(RetryBudgets.EMPTY);
    Service<Request, Response> service = client.newService("127.0.0.1:" + server.getLocalPort(), "peer");
    Await.ready(service.apply(Requests.make(Path.read("/shop/buy"), com.twitter.io.Bufs.EMPTY)), Duration.fromSeconds(20));
    String expected = "one call without retries reaches the server as [Tdispatch]";
    String seen = "one call without retries reaches the server as " + calls;
    String stated = "one call without retries reaches the server as [Tdispatch, Treq]";

    System.out.println("expected: " + expected);
    System.out.println("seen:     " + seen);
    System.exit(seen.equals(stated) ? 0 : 1);
  }

  /** Opens a session as Finagle does, and answers each call by an Rerr. */
  static void serve(ServerSocket server, List<String> calls) {
    try (Socket socket = server.accept()) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      while (true) {
        byte[] body = new byte[in.readInt() - 4];
        int head = in.readInt();
        in.readFully(body);
        int type = head >> 24;
        int tag = head & 0xffffff;
        byte[] answer = switch (type) {
          case 127 -> frame(127, tag, body);
          case 68 -> frame(-68, tag, body);
          case 65 -> frame(-65, tag, new byte[0]);
          default -> {
            calls.add(type == 2 ? "Tdispatch" : type == 1 ? "Treq" : "type " + type);
            yield frame(-128, tag, "no such destination".getBytes(StandardCharsets.UTF_8));
          }
        };
        socket.getOutputStream().write(answer);
      }
    } catch (IOException end) {
      System.err.println(end);
    }
  }
}
PROGRAM
echo "with:     finagle-mux_2.13 24.2.0, $(java --version | head -1)"
java -cp "$(cat classpath)" Program.java 2> log || { tail -20 log; exit 1; }
