/** Where the embedded model is, wherever a pipeline is started from. */
export const WORLD_MODEL = `${import.meta.dirname}/../model`;

/** Documents of the world that a run makes, to train on and to hold the exam on. */
export const WORLD_SIZE = { training: 240, exam: 64, questions: 16 } as const;
