/**
 * The web page of a new project: a small control panel for its Service. `commands/init.ts` writes it.
 *
 * @module
 */

/** Where it is in the project. The folder is for `--web-root`. */
export const PAGE_FOLDER = "web";

/** The address of it, if the Manager is on the same computer and has the port by default. */
export const PAGE_ADDRESS = "https://localhost:1876/lab/";

/** The text of its `index.html`. */
export const PAGE = `\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Thermometer</title>
    <style>
    :root {
      color-scheme: light dark;
      font-family: system-ui, sans-serif;
    }
    main {
      max-width: 40rem;
      margin: auto;
    }
    output {
      font-size: 3rem;
      font-variant-numeric: tabular-nums;
    }
    svg {
      width: 100%;
      height: 10rem;
      border: 1px solid gray;
    }
    polyline {
      fill: none;
      stroke: #07c;
      vector-effect: non-scaling-stroke;
    }
    .old {
      opacity: 0.4;
    }
    </style>
  </head>
  <body>
    <main>
      <h1>Thermometer</h1>
      <section class="old">
        <p><output>-</output> °C</p>
        <svg viewBox="0 0 299 100" preserveAspectRatio="none">
          <polyline />
        </svg>
        <p id="range">No reading yet</p>
      </section>
      <form>
        <label>Offset in °C: <input type="number" step="any" value="0" required></label>
        <button disabled>Adjust</button>
      </form>
      <p id="news" role="status"></p>
    </main>
    <script type="module">
    import { connect } from "/client.js";

    const part = (name) => document.querySelector(name);
    const say = (text) => part("#news").textContent = text;
    const fixed = (number) => number.toFixed(2);
    const readings = [];
    let errors = 0;

    /** Without a new reading the page is grey, and says why. */
    function setError(error) {
      if (error !== undefined) errors++;
      part("section").classList.toggle("old", error !== undefined);
      part("button").disabled = error !== undefined;
      say(error?.message ?? "");
    }

    function show(celsius) {
      readings.push(celsius);
      if (readings.length > 300) readings.shift();
      const low = Math.min(...readings);
      const high = Math.max(...readings);
      const y = (value) => 95 - 90 * (value - low) / (high - low || 1);
      const points = readings.map((value, x) => \`\${x},\${y(value)}\`).join(" ");
      part("output").textContent = fixed(celsius);
      part("polyline").setAttribute("points", points);
      part("#range").textContent = \`from \${fixed(low)} to \${fixed(high)} °C\`;
    }

    try {
      const cxn = await connect({ reconnect: true });
      cxn.connectionHandler = ({ error }) => error && setError(error);
      let thermometer;
      part("form").onsubmit = async (event) => {
        event.preventDefault();
        try {
          await thermometer.adjust(part("input").valueAsNumber);
          say("Adjusted");
        } catch (error) {
          say(error.message);
        }
      };
      for (;;) {
        try {
          thermometer ??= await cxn.link("Thermometer");
          const before = errors;
          show(await thermometer.read());
          // A reading that was under way when the Service went says nothing of now.
          if (part("button").disabled && errors === before) setError(undefined);
        } catch (error) {
          setError(error);
        }
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    } catch (error) {
      say(error.message);
    }
    </script>
  </body>
</html>
`;
