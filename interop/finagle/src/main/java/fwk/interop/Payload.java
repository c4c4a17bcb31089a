package fwk.interop;

import com.twitter.io.Buf;
import com.twitter.io.Bufs;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** The payload of a request: two bytes with the length of the target, the target, then the body as JSON text. */
record Payload(String target, byte[] body) {
  static Payload read(Buf payload) {
    ByteBuffer bytes = ByteBuffer.wrap(Bufs.ownedByteArray(payload));
    byte[] target = new byte[Short.toUnsignedInt(bytes.getShort())];
    bytes.get(target);
    byte[] body = new byte[bytes.remaining()];
    bytes.get(body);
    return new Payload(new String(target, StandardCharsets.US_ASCII), body);
  }

  Buf write() {
    byte[] text = target.getBytes(StandardCharsets.US_ASCII);
    ByteBuffer bytes = ByteBuffer.allocate(2 + text.length + body.length);
    bytes.putShort((short) text.length).put(text).put(body);
    return Bufs.ownedBuf(bytes.array());
  }

  /** A JSON string of this many bytes with its quotes. */
  static byte[] text(int size) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) bytes[i] = (byte) ('a' + i % 26);
    bytes[0] = '"';
    bytes[size - 1] = '"';
    return bytes;
  }

  static String digest(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }

  /** The text of a short body. A long one is cut: its size and digest are told beside it. */
  static String head(byte[] bytes) {
    return new String(Arrays.copyOf(bytes, Math.min(bytes.length, 300)), StandardCharsets.UTF_8);
  }
}
