// What the gateway refuses, in the reader's language. Its own sentence is English: part of the interface
// for programs, and more exact than what can be said of a code.

import { LANGUAGE, tr } from "./texts.js";

const SENTENCES = {
  BAD_INVITE: tr("That code is not valid here, or no longer."),
  BAD_MESSAGE: tr("Something in it is not valid."),
  BAD_TOKEN: tr("You are not signed in, or no longer."),
  CONFLICT: tr("It does not fit what is there already."),
  CONTRADICTION: tr("The line-ups speak against it."),
  EVENT_OVER: tr("The event is over, and nothing counts any more."),
  ILLEGAL_ACTION: tr("The rules of the sport forbid it there."),
  IMPLAUSIBLE: tr("You have reported that more often than it can happen."),
  NAME_TAKEN: tr("The name belongs to somebody else."),
  NOT_ALLOWED: tr("You may not do that here."),
  NOT_FOUND: tr("There is no such thing, or no longer."),
  NOT_GRANTED: tr("The event's owner has not let you do that."),
  OVERLOADED: tr("That was too much at once. Wait a moment."),
  REVOKED: tr("You were put out."),
  TOO_LARGE: tr("It is too large."),
  UNKNOWN_KEY: tr("Here it takes an invitation code."),
  UNREACHABLE: tr("Who has to answer can't be reached. Try again."),
};

/**
 * Return why something is refused.
 * @param {string} code
 * @param {string} sentence the gateway's, in English; it stands behind where it says more
 */
export function refusalText(code, sentence = "", language = LANGUAGE) {
  const known = SENTENCES[code];
  if (!known || language === "en") return sentence || known || tr("The gateway refused it.");
  return sentence ? `${known} (${sentence})` : known;
}
