/** The model behind the demo page: the student beside it, on the page itself. */
import { DistilGLiNER, UserError } from "./distilgliner.js";

export { UserError };

const STUDENT = "student/";
const PLACE = "The student runs on this page; no text leaves it.";

/** @returns {Promise<import("../../src/distilgliner/serve/page/model.js").Model>} */
export async function openModel() {
  const student = await DistilGLiNER.fromPretrained(STUDENT);
  return {
    labels: student.labels,
    isOpen: student.isOpen,
    place: PLACE,
    predictEntities: (text, options) => student.predictEntities(text, options),
  };
}
