#!/usr/bin/env bash
# com.twitter:finagle-mux_2.13 24.2.0: the description of Mux says that an Rerr ends a sequence of fragments of an answer. The
# text of the error that a Finagle client reports then begins with the bytes of these fragments: their contexts, lengths and
# whatever was answered so far. Send the rest of an answer that was begun, or drop it by Rdiscarded.
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

class Program {
  static byte[] frame(int type, int tag, byte[] body) {
    return ByteBuffer.allocate(8 + body.length).putInt(4 + body.length).putInt(type << 24 | tag).put(body).array();
  }

  public static void main(String[] none) throws Exception {
    ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    new Thread(() -> serve(server)).start();
    Service<Request, Response> service = Mux.client().newService("127.0.0.1:" + server.getLocalPort(), "peer");
    Request request = Requests.make(Path.read("/shop/stock"), com.twitter.io.Bufs.EMPTY);
    Await.ready(service.apply(request), Duration.fromSeconds(20));
    Try<Response> second = Await.result(service.apply(request).liftToTry(), Duration.fromSeconds(20));
    String expected = "the error is: the disk broke";
    String seen = "the error is: " + second.throwable().getMessage().replace((char) 0, '.');
    String stated = "the error is: ...half an anthe disk broke";

    System.out.println("expected: " + expected);
    System.out.println("seen:     " + seen);
    System.exit(seen.equals(stated) ? 0 : 1);
  }

  /** Answers the first call well, of the second one a fragment and then an Rerr. */
  static void serve(ServerSocket server) {
    int calls = 0;
    try (Socket socket = server.accept()) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      while (true) {
        byte[] body = new byte[in.readInt() - 4];
        int head = in.readInt();
        in.readFully(body);
        int type = head >> 24;
        int tag = head & 0xffffff;
        if (type == 127 || type == 68) out.write(frame(type == 68 ? -68 : 127, tag, body));
        else if (type == 65) out.write(frame(-65, tag, new byte[0]));
        else if (++calls == 1) out.write(frame(-2, tag, new byte[3]));
        else {
          out.write(frame(-2, tag | 1 << 23, "\0\0\0half an an".getBytes(StandardCharsets.UTF_8)));
          out.write(frame(-128, tag, "the disk broke".getBytes(StandardCharsets.UTF_8)));
        }
      }
    } catch (IOException end) {
      System.err.println(end);
    }
  }
}
PROGRAM
echo "with:     finagle-mux_2.13 24.2.0, $(java --version | head -1)"
java -cp "$(cat classpath)" Program.java 2> log || { tail -20 log; exit 1; }
