package bench;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Counts and sums payments per user until it is told to stop: one output per input, state in a changelog-backed
 * RocksDB store.
 *
 * <p>Arguments, key=value: brokers, app, in, out, dir; threads (2), interval in ms (100), cache (0: off, 1: on),
 * guarantee (exactly_once_v2).
 */
public class CountSum {
  @JsonIgnoreProperties(ignoreUnknown = true)
  public static class Payment {
    public String user_id, order_id;
    public long amount;
  }

  /** The row of a user. */
  record Total(long count, long sum) {
    byte[] bytes() {
      return ("{\"n\":" + count + ",\"s\":" + sum + "}").getBytes(StandardCharsets.US_ASCII);
    }

    static Total parse(byte[] b) {
      String s = new String(b, StandardCharsets.US_ASCII);
      int comma = s.indexOf(',');
      return new Total(Long.parseLong(s, 5, comma, 10), Long.parseLong(s, comma + 5, s.length() - 1, 10));
    }
  }

  static final ObjectReader PAYMENT = new ObjectMapper().readerFor(Payment.class);

  static class Adder implements Processor<String, byte[], String, byte[]> {
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> totals;

    @Override
    public void init(ProcessorContext<String, byte[]> c) {
      context = c;
      totals = c.getStateStore("totals");
    }

    @Override
    public void process(Record<String, byte[]> r) {
      Payment p = read(r.value());
      byte[] held = totals.get(r.key());
      Total t = held == null ? new Total(0, 0) : Total.parse(held);
      byte[] now = new Total(t.count + 1, t.sum + p.amount).bytes();
      totals.put(r.key(), now);
      context.forward(r.withValue(now));
    }

    private static Payment read(byte[] value) {
      try {
        return PAYMENT.readValue(value);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  static Topology topology(String in, String out, boolean cached) {
    StoreBuilder<KeyValueStore<String, byte[]>> totals =
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("totals"), Serdes.String(), Serdes.ByteArray());
    StoreBuilder<KeyValueStore<String, byte[]>> store = cached ? totals.withCachingEnabled() : totals;
    Topology t = new Topology();
    t.addSource("in", new StringDeserializer(), new ByteArrayDeserializer(), in);
    t.addProcessor("add", new ProcessorSupplier<String, byte[], String, byte[]>() {
      @Override
      public Processor<String, byte[], String, byte[]> get() {
        return new Adder();
      }

      @Override
      public Set<StoreBuilder<?>> stores() {
        return Set.of(store);
      }
    }, "in");
    t.addSink("out", out, new StringSerializer(), new ByteArraySerializer(),
        (topic, key, value, n) -> Optional.of(Set.of(partition(key, n))), "add");
    return t;
  }

  static Properties properties(Map<String, String> a) {
    Properties p = new Properties();
    p.put(StreamsConfig.APPLICATION_ID_CONFIG, a.get("app"));
    p.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, a.get("brokers"));
    p.put(StreamsConfig.STATE_DIR_CONFIG, a.get("dir"));
    p.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, a.getOrDefault("guarantee", StreamsConfig.EXACTLY_ONCE_V2));
    p.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, a.getOrDefault("threads", "2"));
    p.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, a.getOrDefault("interval", "100"));
    p.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    if (!cached(a)) {
      p.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
    }
    p.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    p.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
    p.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 65536);
    return p;
  }

  static boolean cached(Map<String, String> a) {
    return a.getOrDefault("cache", "0").equals("1");
  }

  /** The partition of a key, FNV-1a as the input topic has it: Kafka's own hash would put it elsewhere. */
  static int partition(String key, int n) {
    int h = 0x811c9dc5;
    for (byte b : key.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (b & 0xff)) * 0x01000193;
    }
    return (h < 0 ? -h : h) % n;
  }

  public static void main(String[] args) {
    Map<String, String> a = new HashMap<>();
    for (String s : args) {
      int i = s.indexOf('=');
      a.put(s.substring(0, i), s.substring(i + 1));
    }
    KafkaStreams streams = new KafkaStreams(topology(a.get("in"), a.get("out"), cached(a)), properties(a));
    streams.setUncaughtExceptionHandler(e -> {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
      return null;
    });
    streams.setStateListener((now, before) -> {
      if (now == KafkaStreams.State.RUNNING) {
        System.out.println("running");
      }
    });
    Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
    streams.start();
  }
}
