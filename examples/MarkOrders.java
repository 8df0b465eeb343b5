// An order system without Python: it has an export marked by the service before it leaves.
//
//     TRACEMARK_TOKEN=tm_… java MarkOrders.java http://127.0.0.1:8765/v1/tables orders.csv copy.csv
//
// Needs Java 11 or newer and nothing else. The copy appears whole or not at all.

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

public class MarkOrders {
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path export = Path.of(arguments[1]);
        Path copy = Path.of(arguments[2]).toAbsolutePath();
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0]))
                .header("Authorization", "Bearer " + System.getenv("TRACEMARK_TOKEN"))
                .header("Content-Type", "text/csv")
                .POST(HttpRequest.BodyPublishers.ofFile(export))
                .build();
        Path unfinished = Files.createTempFile(copy.getParent(), "copy", ".part");
        try {
            // a copy that breaks off ends in an IOException here
            HttpResponse<Path> answer = HttpClient.newHttpClient()
                    .send(request, HttpResponse.BodyHandlers.ofFile(unfinished));
            if (answer.statusCode() != 200) {
                System.err.println(answer.statusCode() + " " + Files.readString(unfinished));
                System.exit(1);
            }
            Files.move(unfinished, copy, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }
}
