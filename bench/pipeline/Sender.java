import java.io.DataInputStream;
import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sender BROKER TOPIC FOLDER METRICS RECORDS BASE_MS RATE: sends a load with Kafka's own producer, which leaves most of the
 * machine to those who are measured. Record i is that of entity i mod n at second i / n; FOLDER holds their names and the
 * noise of their values (load.ts writes and describes both). RATE 0: as fast as it can. Otherwise each record is sent when it is due,
 * however late the one before was. Prints a line when it starts and one when all is acknowledged.
 */
public final class Sender {
  private static final int PARTITIONS = 4;
  private static final long LEAD_MS = 300;
  private static volatile boolean stopped = false;

  public static void main(String[] args) throws Exception {
    String topic = args[1];
    List<String> names = Files.readAllLines(Path.of(args[2], "entities"));
    double[] noise = noise(Path.of(args[2], "noise"));
    int metrics = Integer.parseInt(args[3]);
    long records = Long.parseLong(args[4]);
    long baseMs = Long.parseLong(args[5]);
    double perMs = Double.parseDouble(args[6]) / 1000;
    int entities = names.size();
    byte[][] keys = new byte[entities][];
    for (int e = 0; e < entities; e++) keys[e] = names.get(e).getBytes(StandardCharsets.UTF_8);

    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("acks", "all");
    settings.put("linger.ms", perMs == 0 ? "20" : "0");
    settings.put("batch.size", perMs == 0 ? "262144" : "65536");
    settings.put("buffer.memory", "134217728");
    AtomicReference<Exception> failure = new AtomicReference<>();
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      stopped = true;
      try {
        main.join(5000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }));
    try (var producer = new KafkaProducer<byte[], byte[]>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.partitionsFor(topic);
      long startMs = System.currentTimeMillis() + LEAD_MS;
      System.out.println("{\"startMs\":" + startMs + "}");
      double lateMs = 0;
      long sent = 0;
      StringBuilder text = new StringBuilder(256);
      while (sent < records && !stopped && failure.get() == null) {
        long due = records;
        if (perMs > 0) {
          long nowMs = System.currentTimeMillis();
          due = Math.min(records, (long) Math.floor((nowMs - startMs) * perMs));
          if (due <= sent) {
            Thread.sleep(1);
            continue;
          }
          lateMs = Math.max(lateMs, nowMs - startMs - sent / perMs);
        }
        for (; sent < due && !stopped; sent++) {
          int e = (int) (sent % entities);
          int second = (int) (sent / entities);
          text.setLength(0);
          text.append("{\"entity\":\"").append(names.get(e)).append("\",\"time\":").append(baseMs + second * 1000L).append(",\"values\":{");
          for (int m = 0; m < metrics; m++) {
            int at = ((e * 64 + m) * 0x9e3779b1 + second) & (noise.length - 1);
            text.append(m == 0 ? "\"metric_" : ",\"metric_").append(m).append("\":");
            decimals(text, Math.round((100 + e % 50 + m + noise[at]) * 1000));
          }
          byte[] value = text.append("}}").toString().getBytes(StandardCharsets.ISO_8859_1);
          producer.send(new ProducerRecord<>(topic, e % PARTITIONS, keys[e], value), (done, error) -> {
            if (error != null) failure.set(error);
          });
        }
      }
      producer.flush();
      if (failure.get() != null) throw failure.get();
      System.out.println("{\"sent\":" + sent + ",\"lateMs\":" + lateMs + "}");
    }
  }

  /** A number of thousandths, as JSON. */
  private static void decimals(StringBuilder text, long thousandths) {
    long rest = thousandths % 1000;
    text.append(thousandths / 1000);
    if (rest != 0) text.append(rest < 10 ? ".00" : rest < 100 ? ".0" : ".").append(rest);
  }

  private static double[] noise(Path file) throws Exception {
    double[] out = new double[(int) (Files.size(file) / Double.BYTES)];
    try (var in = new DataInputStream(new java.io.BufferedInputStream(new FileInputStream(file.toFile())))) {
      for (int i = 0; i < out.length; i++) out[i] = in.readDouble();
    }
    return out;
  }
}
