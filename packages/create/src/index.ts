export { createErrors } from './errors.js';
export {
  type CreatedProject,
  createProject,
  type ProjectKind,
  type ProjectOptions,
  projectKinds,
} from './project/create-project.js';
