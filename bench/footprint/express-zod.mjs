import 'express'
import 'zod'
