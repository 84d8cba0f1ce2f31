/** A prompt with scripted answers. */

import type { Prompt } from "../../base/prompt.ts";

/** Answers each prompt with the next of the answers, and all further ones with the last. */
export class Person implements Prompt {
  /** The texts of the prompts. */
  readonly questions: string[] = [];
  readonly #answers: string[];

  constructor(...answers: string[]) {
    this.#answers = answers;
  }

  readonly text = (question: string): string => this.#answer(question);

  readonly secret = (question: string): string => this.#answer(question);

  readonly confirm = (): boolean => false;

  #answer(question: string): string {
    const answer = this.#answers[Math.min(this.questions.length, this.#answers.length - 1)];
    this.questions.push(question);
    return answer;
  }
}
