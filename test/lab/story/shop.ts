/** A poetry project whose image takes assets from a registry, too. */
import { BuildCache, Project, type Taken } from '../estimate/scene.js';
import { type Cleanup, docker, lab, type Netmeter, pushRandomImage } from '../harness/index.js';
import { dockerfile, lockedProject } from '../savings/poetry.js';

const MB = 1_000_000;

export class Shop {
  readonly project: Project;
  readonly all: [name: string, taken: Taken][] = [];
  readonly #cache = new BuildCache();
  image = '';

  constructor(netmeter: Netmeter, cleanup: Cleanup) {
    this.project = new Project(netmeter, cleanup);
  }

  get flags(): string[] {
    return ['--build-arg', `TAG=${this.project.id}`];
  }

  async make(cleanup: Cleanup): Promise<void> {
    await this.#cache.start(cleanup);
    await this.newImage();
  }

  /** The assets come from an image that nobody has. */
  async newImage(): Promise<void> {
    this.image = (await pushRandomImage('story', [5 * MB, 3 * MB])).reference;
    const Dockerfile = `FROM ${this.image} AS assets\n${this.#install}COPY --from=assets / /assets\n`;
    this.project.write({ Dockerfile });
  }

  /** Locks these dependencies. */
  async depend(...names: string[]): Promise<void> {
    this.project.write((await lockedProject(names, lab().origin)).files);
  }

  async build(name: string): Promise<Taken> {
    const taken = await this.project.build(...this.flags);
    this.all.push([name, taken]);
    return taken;
  }

  async forgetEverything(): Promise<void> {
    await this.#cache.forget(() => true);
  }

  async forgetMounts(): Promise<void> {
    await this.#cache.forget(({ Type }) => Type === 'exec.cachemount');
  }

  async forgetLayers(): Promise<void> {
    await this.#cache.forget(({ Type }) => Type === 'regular');
  }

  /** What was pulled of the image with the assets, and nothing else. */
  async forgetImage(): Promise<void> {
    await this.#cache.forget(({ Description }) => Description.includes(this.image));
  }

  /** The cache has one wheel, which another Dockerfile left there. */
  async halfWarm(): Promise<void> {
    await this.forgetMounts();
    await this.depend('nm-alpha');
    const argument = `TAG=half-${this.project.id}`;
    const words = ['build', '-q', '-f', '-', '--build-arg', argument, this.project.folder];
    const { stdout: image } = await docker('28', words, { input: this.#install });
    await docker('28', ['rmi', '-f', image.trim()]);
  }

  get #install(): string {
    const { id } = this.project;
    // Estimates tell layers apart by their commands: other tests' ones must not be taken for this one's.
    return dockerfile(`--mount=type=cache,id=story-${id},target=/root/.cache/pypoetry `).replace(
      'poetry install',
      `SHOP=${id} poetry install`,
    );
  }
}
