package fwk.interop;

import com.twitter.finagle.mux.lease.exp.Lessee;
import com.twitter.finagle.mux.lease.exp.Lessor;
import com.twitter.util.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Gives each session the lease that a command names. */
final class Leases implements Lessor {
  private final Set<Lessee> sessions = ConcurrentHashMap.newKeySet();

  void issue(Duration howLong) {
    sessions.forEach(session -> session.issue(howLong));
  }

  @Override
  public void register(Lessee session) {
    sessions.add(session);
  }

  @Override
  public void unregister(Lessee session) {
    sessions.remove(session);
  }

  @Override
  public void observe(Duration duration) {}

  @Override
  public void observeArrival() {}
}
