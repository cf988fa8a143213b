import type { AnsweredTurn } from "../record.ts";

/** Says whether a turn is to be dropped. */
export type TurnFilter = (turn: AnsweredTurn) => boolean;
