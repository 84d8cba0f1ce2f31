/**
 * The pages of the documentation, in the order of the site. The build reports a page that is not
 * listed here, and a listed page that does not exist.
 *
 * @module
 */

/** Pages under one heading, by their paths in the repository. */
export interface Section {
  title: string;
  pages: readonly string[];
}

/** An entry of a menu: a link, or a heading with entries below it. */
export interface Item {
  text: string;
  link?: string;
  collapsed?: boolean;
  items?: Item[];
}

export const navigation: readonly Section[] = [
  {
    title: "Begin",
    pages: ["docs/README.md", "docs/tutorial.md", "docs/examples.md", "README.md"],
  },
  {
    title: "How to",
    pages: [
      "docs/how-to/instruments.md",
      "docs/how-to/let-people-in.md",
      "docs/how-to/notebook.md",
      "docs/how-to/call-from-python.md",
      "docs/how-to/web-page.md",
      "docs/how-to/call-from-node.md",
      "docs/how-to/notifications.md",
      "docs/how-to/locks.md",
      "docs/how-to/reconnect.md",
      "docs/how-to/many-requests.md",
      "docs/how-to/errors.md",
      "docs/how-to/large-values.md",
      "docs/how-to/arrays.md",
      "docs/streaming.md",
      "docs/types.md",
      "docs/validation.md",
      "docs/how-to/describe-a-service.md",
      "docs/workers.md",
      "docs/how-to/testing.md",
      "docs/how-to/record.md",
      "docs/how-to/tracing.md",
      "docs/how-to/service-at-boot.md",
      "docs/deploy.md",
      "docs/how-to/monitoring.md",
      "docs/how-to/several-managers.md",
      "docs/ssh.md",
      "docs/how-to/windows.md",
    ],
  },
  {
    title: "Understand",
    pages: [
      "docs/concurrency.md",
      "docs/security.md",
      "docs/architecture.md",
      "docs/comparison.md",
    ],
  },
  {
    title: "Look up",
    pages: [
      "docs/cli.md",
      "docs/from-python.md",
      "docs/protocol.md",
      "docs/troubleshooting.md",
    ],
  },
  {
    title: "Project",
    pages: ["CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md"],
  },
];
