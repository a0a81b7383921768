import com.amazon.randomcutforest.RandomCutForest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Random Cut Forest, 50 trees of 256 points: one round for each line on standard input, one JSON line of microseconds for each. */
public final class RcfBench {
    private static final int TREES = 50;
    private static final int SAMPLE = 256;
    private static final int POINTS = 4_000;

    public static void main(String[] args) throws IOException {
        int width = Integer.parseInt(args[1]);
        double[][] rows = read(Path.of(args[0]), width);
        RandomCutForest forest = RandomCutForest.builder()
            .dimensions(width).numberOfTrees(TREES).sampleSize(SAMPLE).randomSeed(1).parallelExecutionEnabled(false).build();
        double sum = 0;
        for (int i = 0; i < 5 * POINTS; i++) {
            sum += forest.getAnomalyScore(rows[i]);
            forest.update(rows[i]);
        }
        System.out.println("{\"ready\":1}");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        int next = 5 * POINTS;
        while (in.readLine() != null) {
            long start = System.nanoTime();
            for (int i = 0; i < POINTS; i++) sum += forest.getAnomalyScore(rows[(next + i) % rows.length]);
            double score = (System.nanoTime() - start) / 1e3 / POINTS;
            next += POINTS;
            start = System.nanoTime();
            for (int i = 0; i < POINTS; i++) {
                double[] row = rows[(next + i) % rows.length];
                sum += forest.getAnomalyScore(row);
                forest.update(row);
            }
            double both = (System.nanoTime() - start) / 1e3 / POINTS;
            next += POINTS;
            System.out.println("{\"score\":" + score + ",\"scoreAndUpdate\":" + both + ",\"sum\":" + sum + "}");
        }
    }

    private static double[][] read(Path path, int width) throws IOException {
        var values = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer();
        double[][] rows = new double[values.remaining() / width][width];
        for (double[] row : rows) values.get(row);
        return rows;
    }
}
