/** The Hugging Face Hub of a world. */
export class Hub {
  readonly dir: string

  constructor(dir: string) {
    this.dir = dir
  }

  describe(): object {
    return { repos: [] }
  }
}
