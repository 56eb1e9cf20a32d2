// Work that repeats while the tab is shown. A hidden tab costs the balancer nothing.

const AFTER_A_DEFECT = 5; // seconds

export class Poll {
  #work;
  #timer = 0;
  #isOn = false;
  #isBusy = false;
  #isDue = false;

  /** `work` returns the seconds until it wants to be called again. What it throws is a defect, and the console has it. */
  constructor(work) {
    this.#work = work;
    document.addEventListener("visibilitychange", () => this.#next(0));
  }

  start() {
    this.#isOn = true;
    this.#next(0);
  }

  stop() {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  /** Repeats the work in a moment instead of later; several calls in that moment are one. */
  soon() {
    this.#isDue = true;
    if (!this.#isBusy) this.#next(0.2);
  }

  #next(seconds) {
    clearTimeout(this.#timer);
    if (this.#isOn && !document.hidden) this.#timer = setTimeout(() => this.#run(), seconds * 1000);
  }

  async #run() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#isDue = false;
    let pause = AFTER_A_DEFECT;
    try {
      pause = await this.#work();
    } finally {
      this.#isBusy = false;
      this.#next(this.#isDue ? 0.2 : pause);
    }
  }
}
